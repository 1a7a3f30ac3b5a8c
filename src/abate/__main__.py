"""`python -m abate` is the command line."""

from abate.faces.cli.main import main

if __name__ == "__main__":
    main()
