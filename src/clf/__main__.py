"""`python -m clf`: where torchrun and accelerate launch enter."""

from clf.cli.app import main

if __name__ == "__main__":
    main()
