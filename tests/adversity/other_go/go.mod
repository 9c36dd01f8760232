module other

go 1.24
