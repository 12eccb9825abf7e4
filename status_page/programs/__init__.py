"""The public surface for programs: the same state as the pages, in the shapes that readers of status pages know."""
