"""Operator's process root: `python manage.py --help`."""

from processes.cli import main

if __name__ == "__main__":
    main()
