"""Pages: an executed notebook as one HTML file that needs nothing outside itself, and the front page."""
