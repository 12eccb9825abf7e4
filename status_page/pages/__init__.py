"""The public pages, one file each: functions from views to component trees."""
