"""The images built and the compose stack run by a Docker engine of Debian's, up to a call with a bill."""
