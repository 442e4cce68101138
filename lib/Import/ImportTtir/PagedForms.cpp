//===- PagedForms.cpp - operations on paged caches ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Optional operands are counted by `operandSegmentSizes` in TTIR, and by texts
// `has_...` in calls of StableHLO.
//
//===----------------------------------------------------------------------===//

#include "PagedForms.h"

#include "Support/CallOptions.h"
#include "Support/ForeignOps.h"
#include "fp8attn/Runtime/kernels.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::fp8attn;

namespace {
/// The operations, whichever way they are written.
enum class Name { None, Update, Fill, Decode, Chunk, Latent };

/// Reads operands and options of one operation.
class FormReader {
public:
  FormReader(Operation *op, std::string &why) : op(op), why(why), options(op) {}

  std::optional<PagedForm> read(Name name);

private:
  bool readWrite(PagedForm &form);
  bool readAttention(PagedForm &form, Name name);
  bool readOptions(PagedForm &form, Name name);
  /// Reads operands of which `optional`, by their places, may be missing, with
  /// the names that texts have for them.
  bool readOperands(unsigned count,
                    ArrayRef<std::pair<unsigned, StringRef>> optional,
                    SmallVectorImpl<Value> &operands);
  /// Reads an option that is `missing` if there is none.
  bool readBool(StringRef name, bool missing, bool &value) {
    std::optional<bool> given;
    const bool isRead = succeeded(options.read(name, given, why));
    value = given.value_or(missing);
    return isRead;
  }
  bool readNumber(StringRef name, std::optional<double> &value) {
    return succeeded(options.read(name, value, why));
  }
  bool refuse(const Twine &text) {
    why = text.str();
    return false;
  }
  Operation *op;
  std::string &why;
  CallOptions options;
};
} // namespace

/// Returns which operation it is.
static Name getName(Operation *op) {
  if (isForeign(op, "stablehlo.custom_call")) {
    auto text = getForeignAttr<StringAttr>(op, "call_target_name");
    return llvm::StringSwitch<Name>(text ? text.getValue() : "")
        .Case("tt.paged_update_cache", Name::Update)
        .Case("tt.paged_fill_cache", Name::Fill)
        .Case("tt.paged_scaled_dot_product_attention_decode", Name::Decode)
        .Case("tt.chunked_scaled_dot_product_attention", Name::Chunk)
        .Case("tt.paged_flash_mla_decode", Name::Latent)
        .Default(Name::None);
  }
  for (auto [name, text] :
       {std::pair(Name::Update, "ttir.paged_update_cache"),
        std::pair(Name::Fill, "ttir.paged_fill_cache"),
        std::pair(Name::Decode,
                  "ttir.paged_scaled_dot_product_attention_decode"),
        std::pair(Name::Chunk, "ttir.chunked_scaled_dot_product_attention"),
        std::pair(Name::Latent,
                  "ttir.paged_flash_multi_latent_attention_decode")})
    if (isForeign(op, text))
      return name;
  return Name::None;
}

bool mlir::fp8attn::isPagedForm(Operation *op) {
  return getName(op) != Name::None;
}

std::optional<PagedForm> mlir::fp8attn::readPagedForm(Operation *op,
                                                      std::string &why) {
  return FormReader(op, why).read(getName(op));
}

bool FormReader::readOperands(unsigned count,
                              ArrayRef<std::pair<unsigned, StringRef>> optional,
                              SmallVectorImpl<Value> &operands) {
  SmallVector<int32_t> sizes(count, 1);
  if (options.hasTexts()) {
    for (auto [place, name] : optional) {
      bool isThere;
      if (!readBool(name, /*missing=*/false, isThere))
        return false;
      sizes[place] = isThere;
    }
  } else if (!optional.empty()) {
    auto segments =
        getForeignAttr<DenseI32ArrayAttr>(op, "operandSegmentSizes");
    if (!segments || segments.size() != count ||
        llvm::any_of(segments.asArrayRef(),
                     [](int32_t size) { return size < 0 || size > 1; }))
      return refuse(llvm::formatv("expects operandSegmentSizes of {0} operands "
                                  "that are there or not",
                                  count));
    sizes.assign(segments.asArrayRef().begin(), segments.asArrayRef().end());
  }
  unsigned next = 0;
  for (int32_t size : sizes) {
    operands.push_back(
        size && next < op->getNumOperands() ? op->getOperand(next) : Value());
    next += size;
  }
  if (next != op->getNumOperands())
    return refuse(llvm::formatv("expects {0} operands, got {1}", next,
                                op->getNumOperands()));
  for (unsigned place = 0; place < count; ++place) {
    Value operand = operands[place];
    const bool isOptional = llvm::any_of(
        optional, [&](const auto &entry) { return entry.first == place; });
    if (operand ? !isa<RankedTensorType>(operand.getType()) : !isOptional)
      return refuse(
          llvm::formatv("expects operand {0} to be a ranked tensor", place));
  }
  return true;
}

bool FormReader::readWrite(PagedForm &form) {
  // Without names: what is missing is behind what is there.
  const bool isUpdate = form.kind == PagedForm::Kind::Update;
  if (op->getNumOperands() < (isUpdate ? 4u : 3u) || op->getNumOperands() > 4)
    return refuse(
        llvm::formatv("expects {0} operands, a page table among them, "
                      "got {1}",
                      isUpdate ? "4" : "3 or 4", op->getNumOperands()));
  for (Value operand : op->getOperands())
    if (!isa<RankedTensorType>(operand.getType()))
      return refuse(llvm::formatv("expects ranked tensors as operands, got {0}",
                                  operand.getType()));
  form.cache = op->getOperand(0);
  form.input = op->getOperand(1);
  form.pageTable = op->getOperand(isUpdate ? 3 : 2);
  if (op->getNumOperands() == 4)
    form.positions = op->getOperand(isUpdate ? 2 : 3);
  bool isShared;
  if (!readBool("share_cache", /*missing=*/false, isShared))
    return false;
  if (isShared)
    return refuse("expects share_cache to be false");
  return op->getNumResults() < 2 || refuse("expects at most one result");
}

bool FormReader::readAttention(PagedForm &form, Name name) {
  SmallVector<Value> operands;
  // Places of operands that both ways of writing have; TTIR also has one that
  // is written, and puts some at other places.
  Value mask, sink;
  if (name == Name::Chunk) {
    if (!readOperands(options.hasTexts() ? 5 : 6, {}, operands))
      return false;
    form.positions = operands[4];
  } else if (name == Name::Latent) {
    if (!readOperands(7,
                      {{2, "has_value"},
                       {4, "has_attention_mask"},
                       {5, "has_cur_pos_tensor"},
                       {6, "has_attention_sink"}},
                      operands))
      return false;
    mask = operands[4];
    form.positions = operands[5];
    sink = operands[6];
  } else {
    const unsigned out = options.hasTexts() ? 0 : 1;
    if (!readOperands(7 + out,
                      {{4 + out, "has_attention_mask"},
                       {5 + out, "has_cur_pos_tensor"},
                       {6 + out, "has_attention_sink"}},
                      operands))
      return false;
    mask = operands[4 + out];
    form.positions = operands[5 + out];
    sink = operands[6 + out];
  }
  form.query = operands[0];
  form.key = operands[1];
  form.value = operands[2];
  form.pageTable = operands[3];
  if (mask)
    return refuse("expects no attention_mask, which is multiplied by the scale "
                  "there");
  if (sink)
    return refuse("expects no attention_sink, of which it is not defined "
                  "whether the scale multiplies it");
  if (!form.value && name != Name::Latent)
    return refuse("expects a cache of values");
  if (!form.positions)
    return refuse("expects cur_pos_tensor");
  return op->getNumResults() == 1 || refuse("expects one result");
}

bool FormReader::readOptions(PagedForm &form, Name name) {
  bool isCausal;
  std::optional<double> window, channels;
  if (!readBool("is_causal", /*missing=*/true, isCausal) ||
      !readNumber("scale", form.scale) ||
      !readNumber("sliding_window_size", window) ||
      !readNumber("head_dim_v", channels))
    return false;
  if (!isCausal)
    return refuse("expects is_causal to be true, got false");
  if (window) {
    constexpr double kMost = 2147483647;
    if (!(*window >= 1 && *window <= kMost) ||
        *window != static_cast<int64_t>(*window))
      return refuse(
          llvm::formatv("expects sliding_window_size to be an integer "
                        "of 1 or more, got {0}",
                        *window));
    form.window = static_cast<int64_t>(*window);
  }
  if (name != Name::Latent)
    return true;
  // What it is without one differs between the definition and the kernels.
  if (!form.scale)
    return refuse("expects scale to be given");
  if (!form.value) {
    constexpr double kMost = FP8ATTN_MAX_CHANNELS;
    if (!channels || !(*channels >= 1 && *channels <= kMost) ||
        *channels != static_cast<int64_t>(*channels))
      return refuse("expects head_dim_v to say how many channels of a key are "
                    "its value");
    form.valueChannels = static_cast<int64_t>(*channels);
    return true;
  }
  auto type = cast<RankedTensorType>(form.value.getType());
  if (!channels || type.getRank() != 4 || type.getDimSize(3) != *channels)
    return refuse(
        llvm::formatv("expects head_dim_v channels of the values, got "
                      "{0}",
                      type));
  return true;
}

std::optional<PagedForm> FormReader::read(Name name) {
  PagedForm form;
  form.op = op;
  form.kind = name == Name::Update  ? PagedForm::Kind::Update
              : name == Name::Fill  ? PagedForm::Kind::Fill
              : name == Name::Chunk ? PagedForm::Kind::Chunk
                                    : PagedForm::Kind::Decode;
  const bool isRead =
      form.writes() ? readWrite(form)
                    : readAttention(form, name) && readOptions(form, name);
  return isRead ? std::optional(form) : std::nullopt;
}
