"""A scheme as a picture: SVG, Mermaid, a tree of text."""
