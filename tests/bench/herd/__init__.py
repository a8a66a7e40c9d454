"""A herd of clients under cached answers: a simulation that drives the router's own decision and books."""
