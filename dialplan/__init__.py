"""Where a subscriber's caller goes next. Pure: knows neither money nor Asterisk."""
