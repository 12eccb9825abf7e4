"""Process roots, which `wsgi.py` and `manage.py` delegate to."""
