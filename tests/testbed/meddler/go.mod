module example.invalid/testbed/meddler

go 1.25.0
