harrow_add_test(golden.image_preprocess
  SOURCES image_preprocess_test.cpp
  LIBS harrow::storage harrow_golden_support)
