#include <iostream>

#include "cli/verbs.hpp"
#include "storage/datasets/dataset.hpp"
#include "storage/datasets/synth.hpp"

namespace harrow::cli {

sweeps::ExitCode run_verb(const DataSynthOptions& options) {
    storage::SynthOptions synth;
    synth.classes = options.classes;
    synth.size = options.size;
    synth.seed = options.seed;
    synth.layout = options.layout;
    storage::write_synthetic_dataset(options.dir, synth);

    const storage::DatasetListing listing = storage::list_dataset(options.layout, options.dir);
    std::size_t train = 0;
    std::size_t test = 0;
    std::size_t validation = 0;
    std::cout << options.dir << ":";
    for (const storage::DatasetClass& cls : listing.dataset.classes) {
        std::cout << " " << cls.name;
        train += cls.train.size();
        test += cls.test.size();
        validation += cls.validation.size();
    }
    std::cout << "\n" << train << " training and " << test << " test images, ";
    if (validation > 0) {
        std::cout << validation << " to validate with, ";
    }
    std::cout << options.size << " px\n";
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
