module example.invalid/testbed/meter

go 1.25.0
