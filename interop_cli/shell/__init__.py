"""What the program is to the shell: options, errors, signals, selectors, completion."""
