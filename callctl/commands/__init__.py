"""What people type: each module is a few words of the command line."""
