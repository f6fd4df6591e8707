"""Training the detectors of the package ultralytics."""
