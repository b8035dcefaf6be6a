#include "tests/unit/worker/backbones/transformer_reference.hpp"

#include <algorithm>
#include <cmath>

namespace harrow::tests {
namespace {

double keys_cubic(double x) {
    constexpr double a = -0.5;
    x = std::abs(x);
    if (x < 1) {
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0.0;
}

/// Along the rows.
Matrix resize_rows(const Matrix& grid, std::size_t new_rows) {
    Matrix out{new_rows, grid.columns, std::vector<double>(new_rows * grid.columns)};
    const double scale = double(grid.rows) / double(new_rows);
    const double widening = std::max(scale, 1.0);
    for (std::size_t row = 0; row < new_rows; ++row) {
        const double centre = (double(row) + 0.5) * scale;
        double sum = 0;
        for (std::size_t from = 0; from < grid.rows; ++from) {
            const double weight = keys_cubic((double(from) + 0.5 - centre) / widening);
            sum += weight;
            for (std::size_t column = 0; column < grid.columns; ++column) {
                out.at(row, column) += weight * grid.at(from, column);
            }
        }
        for (std::size_t column = 0; column < grid.columns; ++column) {
            out.at(row, column) /= sum;
        }
    }
    return out;
}

Matrix transposed(const Matrix& m) {
    Matrix out{m.columns, m.rows, std::vector<double>(m.values.size())};
    for (std::size_t row = 0; row < m.rows; ++row) {
        for (std::size_t column = 0; column < m.columns; ++column) {
            out.at(column, row) = m.at(row, column);
        }
    }
    return out;
}

Matrix gelu(Matrix x) {
    for (double& value : x.values) {
        value = 0.5 * value * (1.0 + std::erf(value / std::sqrt(2.0)));
    }
    return x;
}

}  // namespace

Matrix resize_bicubic(const Matrix& grid, std::size_t new_rows, std::size_t new_columns) {
    return transposed(resize_rows(transposed(resize_rows(grid, new_rows)), new_columns));
}

TransformerReference::TransformerReference(const sweeps::BackboneArchitecture& architecture,
                                           const std::vector<storage::FloatTensor>& tensors)
    : net_(architecture) {
    for (const storage::FloatTensor& tensor : tensors) {
        tensors_[tensor.name] = tensor.values;
    }
}

const std::vector<float>& TransformerReference::tensor(const std::string& name) const {
    return tensors_.at(name);
}

Matrix TransformerReference::linear(const Matrix& x, const std::string& name) const {
    const std::vector<float>& weight = tensor(name + ".weight");
    const std::vector<float>& bias = tensor(name + ".bias");
    Matrix out{x.rows, bias.size(), std::vector<double>(x.rows * bias.size())};
    for (std::size_t row = 0; row < x.rows; ++row) {
        for (std::size_t o = 0; o < bias.size(); ++o) {
            double sum = bias[o];
            for (std::size_t i = 0; i < x.columns; ++i) {
                sum += x.at(row, i) * weight[o * x.columns + i];
            }
            out.at(row, o) = sum;
        }
    }
    return out;
}

Matrix TransformerReference::norm(const Matrix& x, const std::string& name) const {
    Matrix out = x;
    const std::vector<float>& weight = tensor(name + ".weight");
    const std::vector<float>& bias = tensor(name + ".bias");
    for (std::size_t row = 0; row < x.rows; ++row) {
        double mean = 0;
        double variance = 0;
        for (std::size_t i = 0; i < x.columns; ++i) {
            mean += x.at(row, i) / double(x.columns);
        }
        for (std::size_t i = 0; i < x.columns; ++i) {
            variance += std::pow(x.at(row, i) - mean, 2) / double(x.columns);
        }
        for (std::size_t i = 0; i < x.columns; ++i) {
            out.at(row, i) =
                (x.at(row, i) - mean) / std::sqrt(variance + 1e-6) * weight[i] + bias[i];
        }
    }
    return out;
}

Matrix TransformerReference::attention(const Matrix& x, const std::string& prefix) const {
    const Matrix qkv = linear(x, prefix + "attn.qkv");
    const auto heads = std::size_t(net_.heads);
    const std::size_t width = x.columns / heads;
    Matrix mixed{x.rows, x.columns, std::vector<double>(x.values.size())};
    for (std::size_t head = 0; head < heads; ++head) {
        const std::size_t query = head * width;
        const std::size_t key = x.columns + query;
        const std::size_t value = 2 * x.columns + query;
        for (std::size_t row = 0; row < x.rows; ++row) {
            std::vector<double> weights(x.rows);
            double sum = 0;
            for (std::size_t other = 0; other < x.rows; ++other) {
                double product = 0;
                for (std::size_t i = 0; i < width; ++i) {
                    product += qkv.at(row, query + i) * qkv.at(other, key + i);
                }
                weights[other] = std::exp(product / std::sqrt(double(width)));
                sum += weights[other];
            }
            for (std::size_t other = 0; other < x.rows; ++other) {
                for (std::size_t i = 0; i < width; ++i) {
                    mixed.at(row, query + i) += weights[other] / sum * qkv.at(other, value + i);
                }
            }
        }
    }
    return linear(mixed, prefix + "attn.proj");
}

Matrix TransformerReference::patches(const std::vector<float>& image, std::size_t size) const {
    const auto patch = std::size_t(net_.patch);
    const std::size_t side = size / patch;
    Matrix pixels{side * side, 3 * patch * patch, {}};
    for (std::size_t row = 0; row < side; ++row) {
        for (std::size_t column = 0; column < side; ++column) {
            for (std::size_t c = 0; c < 3; ++c) {
                for (std::size_t y = 0; y < patch; ++y) {
                    for (std::size_t x = 0; x < patch; ++x) {
                        pixels.values.push_back(
                            image[(c * size + row * patch + y) * size + column * patch + x]);
                    }
                }
            }
        }
    }
    return linear(pixels, "patch_embed.proj");
}

Matrix TransformerReference::positions(std::size_t side) const {
    const std::vector<float>& stored = tensor("pos_embed");
    const auto width = std::size_t(net_.width);
    const std::size_t first = net_.registers > 0 ? 0 : 1;
    const auto own = std::size_t(std::lround(std::sqrt(double(stored.size() / width - first))));
    Matrix out{side * side, width, std::vector<double>(side * side * width)};
    for (std::size_t i = 0; i < width; ++i) {
        Matrix plane{own, own, {}};
        for (std::size_t at = 0; at < own * own; ++at) {
            plane.values.push_back(stored[(first + at) * width + i]);
        }
        const Matrix resized = side == own ? plane : resize_bicubic(plane, side, side);
        for (std::size_t at = 0; at < side * side; ++at) {
            out.at(at, i) = resized.values[at];
        }
    }
    return out;
}

void TransformerReference::add(Matrix& x, const Matrix& change, const std::string& scale) const {
    const bool is_scaled = tensors_.count(scale) != 0;
    for (std::size_t row = 0; row < x.rows; ++row) {
        for (std::size_t i = 0; i < x.columns; ++i) {
            x.at(row, i) += change.at(row, i) * (is_scaled ? tensor(scale)[i] : 1.0F);
        }
    }
}

std::vector<Matrix> TransformerReference::block_outputs(const std::vector<float>& image,
                                                        std::size_t size,
                                                        bool bare) const {
    Matrix tokens = patches(image, size);
    if (!bare) {
        const Matrix place = positions(size / std::size_t(net_.patch));
        Matrix all{0, tokens.columns, {}};
        for (std::size_t i = 0; i < tokens.columns; ++i) {
            const double position = net_.registers > 0 ? 0.0 : tensor("pos_embed")[i];
            all.values.push_back(tensor("cls_token")[i] + position);
        }
        if (net_.registers > 0) {
            const std::vector<float>& registers = tensor("reg_token");
            all.values.insert(all.values.end(), registers.begin(), registers.end());
        }
        for (std::size_t i = 0; i < tokens.values.size(); ++i) {
            all.values.push_back(tokens.values[i] + place.values[i]);
        }
        all.rows = all.values.size() / all.columns;
        tokens = all;
    }
    std::vector<Matrix> outputs;
    for (int block = 0; block < net_.depth; ++block) {
        const std::string prefix = "blocks." + std::to_string(block) + ".";
        add(tokens, attention(norm(tokens, prefix + "norm1"), prefix), prefix + "ls1.gamma");
        const Matrix hidden = gelu(linear(norm(tokens, prefix + "norm2"), prefix + "mlp.fc1"));
        add(tokens, linear(hidden, prefix + "mlp.fc2"), prefix + "ls2.gamma");
        outputs.push_back(tokens);
    }
    return outputs;
}

Matrix TransformerReference::final_norm(const Matrix& tokens) const {
    return norm(tokens, "norm");
}

}  // namespace harrow::tests
