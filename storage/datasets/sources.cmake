# Paths relative to storage/.
set(HARROW_DATASET_SOURCES
    datasets/dataset.cpp
    datasets/dataset_digests.cpp
    datasets/defects.cpp
    datasets/image.cpp
    datasets/image_header.cpp
    datasets/jpeg_codec.cpp
    datasets/objects.cpp
    datasets/pattern_noise.cpp
    datasets/png_codec.cpp
    datasets/preprocess.cpp
    datasets/synth.cpp
    datasets/textures.cpp)
