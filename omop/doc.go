package omop

//go:generate go run -C ../internal/tools ./cdmgen -out ../../omop
