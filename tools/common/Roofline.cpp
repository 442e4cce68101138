//===- Roofline.cpp - speeds as a picture ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Both axes are logarithms to the base 2, so that the roof of reads is a
// straight line. Names of points are shown when the pointer is over a point.
//
//===----------------------------------------------------------------------===//

#include "Roofline.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>
#include <set>

using namespace mlir::fp8attn;

/// Sizes in pixels.
static constexpr double kWidth = 1000, kHeight = 420;
static constexpr double kLeft = 70, kRight = 20, kTop = 40, kBottom = 50;
static constexpr double kGiga = 1e9;

namespace {
/// One end to the other of an axis, as powers of two.
struct Axis {
  double low = HUGE_VAL, high = -HUGE_VAL;
  double from, to;

  void include(double value) {
    low = std::min(low, std::floor(std::log2(value)));
    high = std::max(high, std::ceil(std::log2(value)));
  }
  double place(double value) const {
    return from + (to - from) * (std::log2(value) - low) / (high - low);
  }
};

/// Where a panel is drawn.
class PanelDrawing {
public:
  PanelDrawing(const RooflinePanel &panel, double top);
  void draw(llvm::raw_ostream &os) const;

private:
  void drawAxes(llvm::raw_ostream &os) const;
  void drawRoof(llvm::raw_ostream &os, double bytes, const char *style) const;
  void drawPoint(llvm::raw_ostream &os, const RooflinePoint &point) const;

  const RooflinePanel &panel;
  Axis x, y;
  /// In GFLOP/s and GB/s.
  const double peak, reads, interleaved;
};
} // namespace

static double intensityOf(const RooflinePoint &point) {
  return point.flops / point.bytes;
}

/// Returns GFLOP/s.
static double speedOf(const RooflinePoint &point) {
  return point.flops / point.seconds / kGiga;
}

/// Returns a power of two as axes show it.
static std::string formatPower(double power) {
  return power < 0 ? llvm::formatv("1/{0}", int64_t(std::exp2(-power))).str()
                   : std::to_string(int64_t(std::exp2(power)));
}

/// Returns text in which nothing is taken for markup.
static std::string escape(llvm::StringRef text) {
  std::string escaped;
  llvm::raw_string_ostream os(escaped);
  llvm::printHTMLEscaped(text, os);
  return escaped;
}

PanelDrawing::PanelDrawing(const RooflinePanel &panel, double top)
    : panel(panel), peak(panel.peakFlops / kGiga),
      reads(panel.readBytes / kGiga),
      interleaved(panel.interleavedBytes / kGiga) {
  for (const RooflinePoint &point : panel.points) {
    x.include(intensityOf(point));
    y.include(speedOf(point));
  }
  if (peak > 0)
    y.include(peak);
  // The place where the roofs meet is worth seeing.
  if (peak > 0 && reads > 0)
    x.include(peak / reads);
  // Never empty, even if all is one power of two.
  x.high += 1;
  y.low -= 1;
  x.from = kLeft;
  x.to = kWidth - kRight;
  y.from = top + kHeight - kBottom;
  y.to = top + kTop;
}

void PanelDrawing::drawAxes(llvm::raw_ostream &os) const {
  os << llvm::formatv("<text x='{0}' y='{1}' class='title'>{2}</text>\n", kLeft,
                      y.to - kTop / 3, escape(panel.title));
  for (double power = x.low; power <= x.high; ++power) {
    const double at = x.place(std::exp2(power));
    os << llvm::formatv("<line x1='{0:F1}' x2='{0:F1}' y1='{1:F1}' y2='{2:F1}' "
                        "class='grid'/><text x='{0:F1}' y='{3:F1}' "
                        "text-anchor='middle'>{4}</text>\n",
                        at, y.from, y.to, y.from + 15, formatPower(power));
  }
  for (double power = y.low; power <= y.high; ++power) {
    const double at = y.place(std::exp2(power));
    os << llvm::formatv("<line x1='{0}' x2='{1}' y1='{2:F1}' y2='{2:F1}' "
                        "class='grid'/>",
                        x.from, x.to, at)
       << llvm::formatv("<text x='{0}' y='{1:F1}' text-anchor='end'>{2}"
                        "</text>\n",
                        x.from - 5, at + 4, formatPower(power));
  }
  os << llvm::formatv("<text x='{0}' y='{1:F1}' text-anchor='end'>FLOP for "
                      "each byte of keys and values</text>\n",
                      x.to, y.from + 35)
     << llvm::formatv("<text x='5' y='{0:F1}'>GFLOP/s</text>\n", y.to - 5);
}

void PanelDrawing::drawRoof(llvm::raw_ostream &os, double bytes,
                            const char *style) const {
  // From the left or lower edge up to the peak, then level.
  const double lowest = std::exp2(y.low);
  const double left = std::max(std::exp2(x.low), lowest / bytes);
  const double right = std::exp2(x.high);
  const double meet = std::clamp(peak > 0 ? peak / bytes : right, left, right);
  os << llvm::formatv(
      "<polyline class='{0}' points='{1:F1},{2:F1} {3:F1},{4:F1} "
      "{5:F1},{4:F1}'/>\n",
      style, x.place(left), y.place(std::max(lowest, left * bytes)),
      x.place(meet), y.place(std::max(lowest, meet * bytes)), x.place(right));
}

void PanelDrawing::drawPoint(llvm::raw_ostream &os,
                             const RooflinePoint &point) const {
  os << llvm::formatv("<circle cx='{0:F1}' cy='{1:F1}' r='4' class='{2}'>",
                      x.place(intensityOf(point)), y.place(speedOf(point)),
                      escape(point.format))
     << llvm::formatv("<title>{0}: {1:F1} GFLOP/s, {2}</title></circle>\n",
                      escape(point.name), speedOf(point),
                      escape(point.fraction));
}

void PanelDrawing::draw(llvm::raw_ostream &os) const {
  drawAxes(os);
  if (reads > 0)
    drawRoof(os, reads, "roof");
  if (interleaved > 0)
    drawRoof(os, interleaved, "dashed");
  for (const RooflinePoint &point : panel.points)
    drawPoint(os, point);
}

static const char kStyle[] = R"(<style>
text { font: 11px sans-serif; fill: #333 }
.title { font-size: 14px }
.grid { stroke: #ddd }
.roof, .dashed { stroke: #333; stroke-width: 1.5; fill: none }
.dashed { stroke-dasharray: 5 4; stroke-width: 1 }
.e4m3 { fill: #d1495b } .e5m2 { fill: #edae49 }
.i8 { fill: #6a4c93 } .bf16 { fill: #00798c }
</style>
)";

static void drawLegend(llvm::raw_ostream &os, const std::string &title,
                       const std::vector<RooflinePanel> &panels) {
  std::set<std::string> formats;
  bool hasInterleaved = false;
  for (const RooflinePanel &panel : panels) {
    hasInterleaved |= panel.interleavedBytes > 0;
    for (const RooflinePoint &point : panel.points)
      formats.insert(point.format);
  }
  double at = kLeft;
  for (const std::string &format : formats) {
    os << llvm::formatv("<circle cx='{0}' cy='34' r='4' class='{1}'/><text "
                        "x='{2}' y='38'>{1}</text>\n",
                        at, escape(format), at + 8);
    at += 60;
  }
  os << llvm::formatv(
      "<text x='{0}' y='38'>roofs: multiplications in "
      "registers, reads{1}</text>\n",
      at, hasInterleaved ? " of pages (dashed: of four at once)" : "");
  os << llvm::formatv("<text x='{0}' y='18'>{1}</text>\n", kLeft,
                      escape(title));
}

std::string
mlir::fp8attn::drawRooflines(const std::string &title,
                             const std::vector<RooflinePanel> &panels) {
  constexpr double kLegend = 50;
  std::string svg;
  llvm::raw_string_ostream os(svg);
  os << llvm::formatv("<svg xmlns='http://www.w3.org/2000/svg' width='{0}' "
                      "height='{1}'>\n<rect width='100%' height='100%' "
                      "fill='white'/>\n",
                      kWidth, kLegend + panels.size() * kHeight)
     << kStyle;
  drawLegend(os, title, panels);
  double top = kLegend;
  for (const RooflinePanel &panel : panels) {
    PanelDrawing(panel, top).draw(os);
    top += kHeight;
  }
  os << "</svg>\n";
  return svg;
}
