"""What a route needs of a request: who asks, what a request has to pass, how errors are answered."""
