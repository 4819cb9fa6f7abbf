"""`python -m loopcoder`."""

from loopcoder.entrypoints.cli.main import main

if __name__ == "__main__":
    main()
