"""What the surfaces share: the design system (`web.ui`) and the shell around every page (`web.shell`)."""
