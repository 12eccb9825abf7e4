"""The whole status page as files, to be hosted elsewhere: by any web server, without us."""
