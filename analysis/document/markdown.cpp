#include "analysis/document/markdown.hpp"

#include "analysis/table.hpp"

namespace harrow::analysis {
namespace {

std::string cell_text(const TableCell& cell) {
    std::string value = cell.text + (cell.spread.empty() ? "" : " ± " + cell.spread);
    if (cell.emphasis == Emphasis::Best) {
        value = "**" + value + "**";
    } else if (cell.emphasis == Emphasis::Tie) {
        value = "<u>" + value + "</u>";
    }
    return value + cell.mark + (cell.suffix.empty() ? "" : " " + cell.suffix);
}

std::string block_text(const Paragraph& paragraph) {
    return (paragraph.is_warning ? "**" + paragraph.text + "**" : paragraph.text) + "\n";
}

std::string block_text(const Table& table) {
    return markdown_text(table);
}

std::string block_text(const Figure& figure) {
    return figure.svg.empty() ? "" : "![" + figure.caption + "](figures/" + figure.id + ".svg)\n";
}

std::string block_text(const Gallery&) {
    return "";
}

std::string blocks_text(const std::vector<Block>& blocks) {
    std::string text;
    for (const Block& block : blocks) {
        const std::string part =
            std::visit([](const auto& content) { return block_text(content); }, block);
        text += part.empty() ? "" : "\n" + part;
    }
    return text;
}

}  // namespace

std::string markdown_text(const Table& table) {
    TextTable plain;
    for (const TableColumn& column : table.columns) {
        plain.header.push_back(column.group.empty() ? column.heading
                                                    : column.group + " " + column.heading);
        plain.is_prose = plain.is_prose || (column.is_text && plain.header.size() > 1);
    }
    for (const TableRow& row : table.rows) {
        std::vector<std::string> texts;
        for (const TableCell& cell : row.cells) {
            texts.push_back(cell_text(cell));
        }
        plain.rows.push_back(std::move(texts));
    }
    std::string text =
        (table.caption.empty() ? "" : table.caption + "\n\n") + markdown_table(plain);
    for (const std::string& note : table.notes) {
        text += "\n" + note + "\n";
    }
    return text;
}

std::string markdown_text(const Document& document) {
    std::string text = "# " + document.title + "\n" + blocks_text(document.lead);
    for (const Section& section : document.sections) {
        text += "\n## " + section.heading + "\n" + blocks_text(section.blocks);
    }
    return text;
}

}  // namespace harrow::analysis
