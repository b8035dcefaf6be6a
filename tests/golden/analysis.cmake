harrow_add_test(golden.score_aggregation
  SOURCES score_aggregation_test.cpp
  LIBS harrow_analysis harrow_golden_support)
harrow_add_test(golden.eval_postprocess
  SOURCES eval_postprocess_test.cpp
  LIBS harrow_analysis harrow_golden_support)
harrow_add_test(golden.anomalyvfm_aucpro
  SOURCES anomalyvfm_aucpro_test.cpp
  LIBS harrow_analysis harrow_golden_support)
