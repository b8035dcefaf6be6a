# One program holds the fixtures of the models; each is a CTest of its own. Suite = file in CamelCase.

set(model_fixtures positional_embedding whitening_adapter spatial_context_mixer lora_linear
    mole_subnets coupling_block dia base_flow full_model losses router optimizer e2e_training
    feature_aggregation anomalyvfm)
set(model_sources models_main.cpp model_fixture.cpp model_state.cpp)
foreach(fixture IN LISTS model_fixtures)
  list(APPEND model_sources ${fixture}_test.cpp)
endforeach()
list(TRANSFORM model_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)

harrow_add_test_binary(golden_models SOURCES ${model_sources}
                       LIBS harrow_worker_core harrow_golden_support)
# A precompiled header only fits code compiled alike: -fPIC as in the library, not -fPIE.
set_target_properties(golden_models PROPERTIES POSITION_INDEPENDENT_CODE OFF)
target_compile_options(golden_models PRIVATE -fPIC)
target_precompile_headers(golden_models REUSE_FROM harrow_worker_core)

foreach(fixture IN LISTS model_fixtures)
  set(suite "")
  string(REPLACE "_" ";" words ${fixture})
  foreach(word IN LISTS words)
    string(SUBSTRING ${word} 0 1 initial)
    string(SUBSTRING ${word} 1 -1 rest)
    string(TOUPPER ${initial} initial)
    string(APPEND suite ${initial}${rest})
  endforeach()
  add_test(NAME golden.${fixture} COMMAND golden_models --gtest_filter=${suite}.*)
  harrow_test_properties(golden.${fixture})
endforeach()
