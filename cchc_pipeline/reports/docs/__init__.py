"""Package docs."""
