#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

/// A report as sections of text, tables, figures and pictures: built once, printed by each format.
namespace harrow::analysis {

enum class Emphasis {
    None,
    Best,  ///< bold
    Tie,   ///< underlined: not separable from the best
};

/// A number's text is its mean alone ("98.03"); formats join it with `spread` ("0.19") as
/// `98.03 ± 0.19` or `$98.03 \pm 0.19$`, and never part the two by emphasis.
struct TableCell {
    std::string text;         ///< UTF-8, unescaped
    std::string spread = {};  ///< empty: none
    std::string suffix = {};  ///< after the value, without emphasis: "(5)", "(4/5)"
    bool is_number = false;
    Emphasis emphasis = Emphasis::None;
    std::string mark = {};  ///< "†": what it means is in the table's notes
    std::string hint = {};  ///< for readers who point at it: the full name, the reason
    std::string cite = {};  ///< BibTeX key, letters, digits and -_:./+: LaTeX cites it
};

struct TableColumn {
    std::string heading;
    std::string group = {};  ///< neighbours with equal, non-empty groups share a heading above
    bool is_text = false;    ///< aligned left; numbers right
};

struct TableRow {
    std::vector<TableCell> cells;  ///< one per column
    bool rule_above = false;
};

struct Table {
    std::string id;  ///< [a-z0-9-]+, unique in the document: anchors, LaTeX labels
    std::string caption;
    std::vector<TableColumn> columns;
    std::vector<TableRow> rows = {};
    std::vector<std::string> notes = {};  ///< below it
    /// For papers: part of tables.tex. Others are for reading and checking.
    bool is_for_print = true;
};

struct Paragraph {
    std::string text;
    bool is_warning = false;
};

/// Drawn by gnuplot from a script without `set terminal` and `set output`; the same script gives
/// the SVG and the PDF.
struct Figure {
    std::string id;  ///< as of a table; the file's name
    std::string caption;
    std::string script;
    int width = 560, height = 360;  ///< in CSS pixels
    std::string svg = {};           ///< filled by who has gnuplot; empty: not drawn
};

/// PNG pictures with a caption each.
struct Picture {
    std::string caption;
    std::vector<std::uint8_t> png;
};
struct Gallery {
    std::string caption;
    std::vector<Picture> pictures;
};

using Block = std::variant<Paragraph, Table, Figure, Gallery>;

struct Section {
    std::string id;  ///< as of a table
    std::string heading;
    std::vector<Block> blocks;
};

struct Document {
    std::string title;
    std::vector<Block> lead;  ///< before the first section
    std::vector<Section> sections;
};

}  // namespace harrow::analysis
