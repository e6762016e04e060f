# The same index in COINr: scores of three methods, and the time of an uncertainty analysis.
# Rscript coinr.R TABLE.csv ANSWER.json DRAWS
suppressMessages(library(COINr))
given <- commandArgs(trailingOnly = TRUE)
values <- read.csv(given[1])
draws <- as.integer(given[3])
parts <- names(values)
data <- cbind(uCode = sprintf("P%02d", seq_len(nrow(values))), values)
meta <- data.frame(
  iCode = c(parts, "TOTAL"), Level = c(rep(1, length(parts)), 2), Parent = c(rep("TOTAL", length(parts)), NA),
  Direction = 1, Weight = 1, Type = c(rep("Indicator", length(parts)), "Aggregate")
)
methods <- list(
  minmax = list(f_n = "n_minmax", f_n_para = list(l_u = c(1, 100))),
  zscore = list(f_n = "n_zscore", f_n_para = list(m_sd = c(50, 10)))
)
built <- function(normalisation, aggregation) {
  coin <- suppressMessages(new_coin(data, meta, quietly = TRUE))
  coin <- suppressMessages(Normalise(coin, dset = "Raw", global_specs = methods[[normalisation]]))
  suppressMessages(Aggregate(coin, dset = "Normalised", f_ag = aggregation))
}
total <- function(coin) {
  scores <- get_data(coin, dset = "Aggregated", iCodes = "TOTAL")
  scores$TOTAL[match(data$uCode, scores$uCode)]
}
answers <- list(
  minmax_arithmetic = total(built("minmax", "a_amean")),
  minmax_geometric = total(built("minmax", "a_gmean")),
  zscore_arithmetic = total(built("zscore", "a_amean"))
)
nominal <- built("minmax", "a_amean")
noisy <- get_noisy_weights(
  nominal$Meta$Weights$Original, data.frame(Level = 1, NoiseFactor = 0.25), Nrep = 200
)
specs <- list(
  Normalisation = list(Address = "$Log$Normalise$global_specs", Distribution = unname(methods), Type = "discrete"),
  Weights = list(Address = "$Log$Aggregate$w", Distribution = noisy, Type = "discrete"),
  Aggregation = list(Address = "$Log$Aggregate$f_ag", Distribution = c("a_amean", "a_gmean"), Type = "discrete")
)
taken <- system.time(
  suppressMessages(get_sensitivity(nominal, specs, N = draws, SA_type = "UA", dset = "Aggregated", iCode = "TOTAL", quietly = TRUE))
)[["elapsed"]]
numbers <- function(x) paste0("[", paste(format(x, digits = 17, trim = TRUE, scientific = FALSE), collapse = ","), "]")
scores <- paste0('"', names(answers), '":', vapply(answers, numbers, ""), collapse = ",")
cat(sprintf('{"version":"%s","seconds":%.6f,"scores":{%s}}', packageVersion("COINr"), taken, scores), file = given[2])
