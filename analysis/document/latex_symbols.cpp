#include "analysis/document/latex_symbols.hpp"

#include <array>
#include <cstdio>
#include <map>

#include "analysis/document/plain_text.hpp"

namespace harrow::analysis {
namespace {

const std::map<char32_t, const char*>& special_characters() {
    static const std::map<char32_t, const char*> kSpecial = {
        {U'&', "\\&"},
        {U'%', "\\%"},
        {U'$', "\\$"},
        {U'#', "\\#"},
        {U'_', "\\_"},
        {U'{', "\\{"},
        {U'}', "\\}"},
        {U'\\', "\\textbackslash{}"},
        {U'~', "\\textasciitilde{}"},
        {U'^', "\\textasciicircum{}"},
        {U'<', "\\textless{}"},
        {U'>', "\\textgreater{}"},
        {U'|', "\\textbar{}"},
        {U'"', "\\char`\\\"{}"},
        {U'[', "{[}"},  // behind \\ it would begin a length
        {U']', "{]}"},
        {U'*', "{*}"},  // and this would forbid a page break
        {U'\u00a0', "~"},
        {U'\u2009', "\\,"},
        {U'\u202f', "\\,"},
        {0xFFFD, "?"},
    };
    return kSpecial;
}

/// Symbols of text and mathematics that tables and names use.
const std::map<char32_t, const char*>& symbols() {
    static const std::map<char32_t, const char*> kSymbols = {
        {U'–', "--"},
        {U'—', "---"},
        {U'‐', "-"},
        {U'‑', "-"},
        {U'‘', "`"},
        {U'’', "'"},
        {U'“', "``"},
        {U'”', "''"},
        {U'…', "\\ldots{}"},
        {U'•', "$\\bullet$"},
        {U'·', "$\\cdot$"},
        {U'†', "\\dag{}"},
        {U'‡', "\\ddag{}"},
        {U'§', "\\S{}"},
        {U'¶', "\\P{}"},
        {U'★', "$\\star$"},
        {U'☆', "$\\star$"},
        {U'✓', "$\\surd$"},
        {U'✗', "$\\times$"},
        {U'×', "$\\times$"},
        {U'÷', "$\\div$"},
        {U'±', "$\\pm$"},
        {U'∓', "$\\mp$"},
        {U'−', "$-$"},
        {U'≤', "$\\le$"},
        {U'≥', "$\\ge$"},
        {U'≠', "$\\ne$"},
        {U'≈', "$\\approx$"},
        {U'≪', "$\\ll$"},
        {U'≫', "$\\gg$"},
        {U'∼', "$\\sim$"},
        {U'≡', "$\\equiv$"},
        {U'∞', "$\\infty$"},
        {U'√', "$\\surd$"},
        {U'∑', "$\\sum$"},
        {U'∏', "$\\prod$"},
        {U'∈', "$\\in$"},
        {U'∉', "$\\notin$"},
        {U'∅', "$\\emptyset$"},
        {U'∪', "$\\cup$"},
        {U'∩', "$\\cap$"},
        {U'⊂', "$\\subset$"},
        {U'∀', "$\\forall$"},
        {U'∃', "$\\exists$"},
        {U'∂', "$\\partial$"},
        {U'∇', "$\\nabla$"},
        {U'∆', "$\\Delta$"},
        {U'↑', "$\\uparrow$"},
        {U'↓', "$\\downarrow$"},
        {U'→', "$\\rightarrow$"},
        {U'←', "$\\leftarrow$"},
        {U'↔', "$\\leftrightarrow$"},
        {U'⇒', "$\\Rightarrow$"},
        {U'⇐', "$\\Leftarrow$"},
        {U'°', "$^\\circ$"},
        {U'¹', "$^1$"},
        {U'²', "$^2$"},
        {U'³', "$^3$"},
        {U'⁻', "$^-$"},
        {U'₀', "$_0$"},
        {U'₁', "$_1$"},
        {U'₂', "$_2$"},
        {U'µ', "$\\mu$"},
        {U'½', "$1/2$"},
        {U'¼', "$1/4$"},
        {U'¾', "$3/4$"},
        {U'‰', "0/00"},
        {U'€', "EUR"},
        {U'£', "\\pounds{}"},
        {U'©', "\\copyright{}"},
        {U'¡', "!`"},
        {U'¿', "?`"},
        {U'¬', "$\\neg$"},
        {U'ª', "$^a$"},
        {U'º', "$^o$"},
        {U'¢', "c"},
        {U'¥', "Y"},
        {U'¦', "\\textbar{}"},
        {U'«', "$\\ll$"},
        {U'»', "$\\gg$"},
        {U'®', "(R)"},
        {U'™', "(TM)"},
        {U'¯', "-"},
        {U'´', "'"},
        {U'¨', "\\char127{}"},
        {U'¸', ","},
        {U'¤', "?"},
        {U'\u00ad', "\\-"},
        {U'ℝ', "$\\mathrm{R}$"},
        {U'ℓ', "$\\ell$"},
        {U'α', "$\\alpha$"},
        {U'β', "$\\beta$"},
        {U'γ', "$\\gamma$"},
        {U'δ', "$\\delta$"},
        {U'ε', "$\\varepsilon$"},
        {U'ζ', "$\\zeta$"},
        {U'η', "$\\eta$"},
        {U'θ', "$\\theta$"},
        {U'ι', "$\\iota$"},
        {U'κ', "$\\kappa$"},
        {U'λ', "$\\lambda$"},
        {U'μ', "$\\mu$"},
        {U'ν', "$\\nu$"},
        {U'ξ', "$\\xi$"},
        {U'ο', "o"},
        {U'π', "$\\pi$"},
        {U'ρ', "$\\rho$"},
        {U'ς', "$\\varsigma$"},
        {U'σ', "$\\sigma$"},
        {U'τ', "$\\tau$"},
        {U'υ', "$\\upsilon$"},
        {U'φ', "$\\varphi$"},
        {U'χ', "$\\chi$"},
        {U'ψ', "$\\psi$"},
        {U'ω', "$\\omega$"},
        {U'ϕ', "$\\phi$"},
        {U'ϵ', "$\\epsilon$"},
        {U'Γ', "$\\Gamma$"},
        {U'Δ', "$\\Delta$"},
        {U'Θ', "$\\Theta$"},
        {U'Λ', "$\\Lambda$"},
        {U'Ξ', "$\\Xi$"},
        {U'Π', "$\\Pi$"},
        {U'Σ', "$\\Sigma$"},
        {U'Υ', "$\\Upsilon$"},
        {U'Φ', "$\\Phi$"},
        {U'Ψ', "$\\Psi$"},
        {U'Ω', "$\\Omega$"},
    };
    return kSymbols;
}

/// Letters of Latin-1 and Latin Extended-A that OT1's accents compose. The others (eth, thorn, …)
/// need another font encoding.
bool is_composed_letter(char32_t point) {
    const bool is_latin1 = point >= 0xC0 && point <= 0xFF && point != 0xD0 && point != 0xDE &&
                           point != 0xF0 && point != 0xFE;
    constexpr std::array kExtended = {
        U'Ā', U'ā', U'Ă', U'ă', U'Ć', U'ć', U'Ĉ', U'ĉ', U'Ċ', U'ċ', U'Č', U'č', U'Ď', U'ď', U'Ē',
        U'ē', U'Ě', U'ě', U'Ğ', U'ğ', U'İ', U'ı', U'Ł', U'ł', U'Ń', U'ń', U'Ň', U'ň', U'Ō', U'ō',
        U'Ő', U'ő', U'Œ', U'œ', U'Ŕ', U'ŕ', U'Ř', U'ř', U'Ś', U'ś', U'Ş', U'ş', U'Š', U'š', U'Ť',
        U'ť', U'Ū', U'ū', U'Ů', U'ů', U'Ű', U'ű', U'Ÿ', U'Ź', U'ź', U'Ż', U'ż', U'Ž', U'ž'};
    for (const char32_t letter : kExtended) {
        if (letter == point) {
            return true;
        }
    }
    return is_latin1;
}

}  // namespace

std::string latex_symbol(char32_t point) {
    for (const auto* table : {&special_characters(), &symbols()}) {
        const auto found = table->find(point);
        if (found != table->end()) {
            return found->second;
        }
    }
    if (point < 0x80 || is_composed_letter(point)) {
        return utf8_text(point);
    }
    std::array<char, 16> code{};
    std::snprintf(code.data(), code.size(), "U+%04X", static_cast<unsigned>(point));
    return code.data();
}

}  // namespace harrow::analysis
