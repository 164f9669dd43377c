module botobs.dev/intake

go 1.26.0
