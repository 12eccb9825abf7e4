"""What makes an installation worth looking at before anybody has used it: videos, traffic and history, all labelled."""
