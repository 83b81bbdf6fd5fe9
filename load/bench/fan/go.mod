module parley-fan

go 1.24
