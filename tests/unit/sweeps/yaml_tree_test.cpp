#include "sweeps/yaml_tree.hpp"

#include <gtest/gtest.h>

namespace harrow::sweeps {
namespace {

std::string wrong_with(const std::string& text) {
    std::vector<Problem> problems;
    parse_yaml(text, "f.yaml", problems);
    std::string all;
    for (const Problem& problem : problems) {
        all += to_string(problem) + "\n";
    }
    return all;
}

TEST(YamlTreeTest, KeepsOrderKindsAndLines) {
    std::vector<Problem> problems;
    const YamlNode root =
        parse_yaml("b: 1\na: [x, 'y z', ~]\nc:\n  d: {}\nnothing:\n", "f.yaml", problems);
    ASSERT_TRUE(problems.empty());
    ASSERT_EQ(root.entries.size(), 4U);
    EXPECT_EQ(root.entries[0].key, "b");
    EXPECT_EQ(root.entries[0].value.text, "1");
    ASSERT_EQ(root.entries[1].value.items.size(), 3U);
    EXPECT_EQ(root.entries[1].value.items[1].text, "y z");
    EXPECT_EQ(root.entries[1].value.items[2].kind, YamlNode::Kind::Null);
    EXPECT_EQ(root.entries[2].value.entries[0].place.line, 4);
    EXPECT_TRUE(root.entries[2].value.entries[0].value.is_map());
    EXPECT_EQ(root.entries[3].value.kind, YamlNode::Kind::Null);
    EXPECT_EQ(*root.entries[3].place.file, "f.yaml");
}

TEST(YamlTreeTest, DuplicateKeysAreNamedWithBothLines) {
    const std::string text = wrong_with("a: 1\nb: {c: 1,\n  c: 2}\na: 3\n");
    EXPECT_NE(text.find("f.yaml:3: c: given twice in one mapping, first in line 2"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("f.yaml:4: a: given twice"), std::string::npos) << text;
}

TEST(YamlTreeTest, MergeKeysAreRefused) {
    const std::string text = wrong_with("a: &x {b: 1}\nc:\n  <<: *x\n");
    EXPECT_NE(text.find("f.yaml:3: <<: merge keys are not supported"), std::string::npos) << text;
}

TEST(YamlTreeTest, AliasesAreExpanded) {
    std::vector<Problem> problems;
    const YamlNode root = parse_yaml("a: &x [1, 2]\nb: *x\n", "f", problems);
    ASSERT_TRUE(problems.empty());
    EXPECT_EQ(root.entries[1].value.items[1].text, "2");
}

TEST(YamlTreeTest, HostileStructuresEndInOneProblem) {
    EXPECT_NE(wrong_with("a: &x [1, *x]\n").find("alias refers to the node"), std::string::npos);
    EXPECT_NE(wrong_with("a: *nowhere\n").find("no valid YAML"), std::string::npos);
    EXPECT_NE(wrong_with("a: 1\n---\nb: 2\n").find("f.yaml:2: a second document"),
              std::string::npos);
    EXPECT_NE(wrong_with("[a]: 1\n").find("a key must be a text"), std::string::npos);
    EXPECT_NE(wrong_with("a: " + std::string(70, '[') + std::string(70, ']')).find("nested deeper"),
              std::string::npos);
    EXPECT_NE(wrong_with(std::string(200000, '[')), "");
    EXPECT_NE(wrong_with("name: [unclosed\n").find("is no valid YAML"), std::string::npos);
    EXPECT_NE(wrong_with(std::string(kMaxYamlBytes + 1, ' ')).find("4 MiB"), std::string::npos);
}

TEST(YamlTreeTest, AliasesCannotExplode) {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string previous = "*a" + std::to_string(i - 1);
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int k = 0; k < 10; ++k) {
            text += (k == 0 ? "" : ", ") + previous;
        }
        text += "]\n";
    }
    EXPECT_NE(wrong_with(text).find("more than 200000 values"), std::string::npos);
}

TEST(YamlTreeTest, BytesThatAreNoTextAreRefusedWithTheirLine) {
    EXPECT_NE(wrong_with("a: 1\nb: \xff\n").find("f.yaml:2: holds bytes"), std::string::npos);
    EXPECT_NE(wrong_with(std::string("a: \0x\n", 6)).find("f.yaml:1: holds bytes"),
              std::string::npos);
    EXPECT_NE(wrong_with("a: \xc0\xaf").find("holds bytes"), std::string::npos);      // overlong
    EXPECT_NE(wrong_with("a: \xed\xa0\x80").find("holds bytes"), std::string::npos);  // surrogate
    EXPECT_NE(wrong_with("a: \xe2\x82").find("holds bytes"), std::string::npos);      // cut off
    EXPECT_EQ(wrong_with("a: \xe2\x82\xac \xf0\x9f\x8c\xbe\n"), "");
}

}  // namespace
}  // namespace harrow::sweeps
