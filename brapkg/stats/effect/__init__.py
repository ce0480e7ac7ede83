"""Did a measure help? Designs with and without a comparison area, and what could be seen at all."""
