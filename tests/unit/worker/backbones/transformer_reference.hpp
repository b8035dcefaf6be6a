#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "storage/weights/safetensors_writer.hpp"
#include "sweeps/backbones.hpp"

namespace harrow::tests {

/// Rows x columns, row-major.
struct Matrix {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<double> values;
    double& at(std::size_t row, std::size_t column) { return values[row * columns + column]; }
    double at(std::size_t row, std::size_t column) const { return values[row * columns + column]; }
};

/// A vision transformer in plain loops and double precision, written from the papers (Dosovitskiy
/// et al. 2021; layer scale: Touvron et al. 2021; registers: Darcet et al. 2024) for comparison
/// with the one that runs on torch. Slow. Tensors under timm's names.
class TransformerReference {
public:
    TransformerReference(const sweeps::BackboneArchitecture& architecture,
                         const std::vector<storage::FloatTensor>& tensors);

    /// Output of every block for one image [3,size,size]: class token, registers, patches.
    /// `bare`: patches alone, without positions.
    std::vector<Matrix> block_outputs(const std::vector<float>& image,
                                      std::size_t size,
                                      bool bare = false) const;
    Matrix final_norm(const Matrix& tokens) const;

private:
    const std::vector<float>& tensor(const std::string& name) const;
    Matrix linear(const Matrix& x, const std::string& name) const;
    Matrix norm(const Matrix& x, const std::string& name) const;
    Matrix attention(const Matrix& x, const std::string& prefix) const;
    Matrix patches(const std::vector<float>& image, std::size_t size) const;
    /// [side*side, width], without the class token's.
    Matrix positions(std::size_t side) const;
    void add(Matrix& x, const Matrix& change, const std::string& scale) const;

    sweeps::BackboneArchitecture net_;
    std::map<std::string, std::vector<float>> tensors_;
};

/// [rows,columns] resized to [new_rows,new_columns] with Keys' cubic (a = -1/2), widened when it
/// shrinks: what Pillow and torch call bicubic with antialiasing.
Matrix resize_bicubic(const Matrix& grid, std::size_t new_rows, std::size_t new_columns);

}  // namespace harrow::tests
