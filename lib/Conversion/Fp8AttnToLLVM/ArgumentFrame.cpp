//===- ArgumentFrame.cpp - memrefs and caches in memory -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where each of hundreds of operations has operands of its own, a function that
// took them as values would hold them all at its begin and hand them all on in
// each call, which takes LLVM the square of their number. It loads them from
// memory where they are used instead, and hands on an address.
//
//===----------------------------------------------------------------------===//

#include "ArgumentFrame.h"
#include "PackArguments.h"
#include "Patterns.h"
#include "RuntimeFunctions.h"

#include "mlir/Analysis/CFGLoopInfo.h"
#include "mlir/IR/Dominance.h"

using namespace mlir;
using namespace mlir::fp8attn;

/// For so many operations what was loaded is used again. Some dozens have the
/// checks of an operation of the model in one reach, and keep what registers
/// and stack have to hold at a time from growing with the function.
static constexpr int64_t kReach = 64;

bool mlir::fp8attn::isInFrame(Type type) {
  return isPacked(type) || isa<CacheType>(type);
}

/// Returns the words that an argument takes: each member of its struct is a
/// pointer or an i64.
static int64_t getWords(Type packed) {
  return cast<LLVM::LLVMStructType>(packed).getBody().size();
}

int64_t mlir::fp8attn::getFrameWords(TypeRange types,
                                     const LLVMTypeConverter &converter) {
  int64_t words = 0;
  for (Type type : types)
    if (isInFrame(type))
      words += getWords(getPackedType(type, converter));
  return words;
}

Value mlir::fp8attn::getPlaceInFrame(OpBuilder &builder, Location loc,
                                     Value frame, int64_t word) {
  return LLVM::GEPOp::create(builder, loc, frame.getType(),
                             builder.getI64Type(), frame,
                             ArrayRef<LLVM::GEPArg>{int32_t(word)});
}

int64_t mlir::fp8attn::storeToFrame(OpBuilder &builder, Location loc,
                                    Value frame, int64_t word, Value packed) {
  LLVM::StoreOp::create(builder, loc, packed,
                        getPlaceInFrame(builder, loc, frame, word));
  return word + getWords(packed.getType());
}

/// The word of its frame that an argument which is only handed on begins at.
static constexpr StringLiteral kWord = "frame_word";

Value mlir::fp8attn::getHandedOnPlace(OpBuilder &builder, Location loc,
                                      Value argument) {
  auto frame = argument.getDefiningOp<UnrealizedConversionCastOp>();
  auto word = frame ? frame->getAttrOfType<IntegerAttr>(kWord) : IntegerAttr();
  return word
             ? getPlaceInFrame(builder, loc, frame.getOperand(0), word.getInt())
             : Value();
}

/// Where arguments begin in the frame of their function.
using Places = DenseMap<Value, int64_t>;

static Places getPlaces(func::FuncOp function,
                        const LLVMTypeConverter &converter) {
  Places words;
  int64_t next = 0;
  for (BlockArgument argument : function.getArguments()) {
    if (!isInFrame(argument.getType()))
      continue;
    words[argument] = next;
    next += getFrameWords(argument.getType(), converter);
  }
  return words;
}

namespace {
/// Replaces the arguments of a function that are in its frame.
class FrameLoads {
public:
  FrameLoads(func::FuncOp function, BlockArgument frame,
             const LLVMTypeConverter &converter)
      : function(function), frame(frame), converter(converter),
        words(getPlaces(function, converter)) {}

  void replaceUses() {
    Region &body = function.getBody();
    DominanceInfo dominance;
    std::optional<CFGLoopInfo> loops;
    if (!body.hasOneBlock())
      loops.emplace(dominance.getDomTree(&body));
    for (Block &block : body) {
      CFGLoop *loop = loops ? loops->getLoopFor(&block) : nullptr;
      Block *before =
          loop ? loop->getOutermostLoop()->getLoopPredecessor() : nullptr;
      replaceUses(block, before);
    }
  }

private:
  struct Loaded {
    Value value;
    /// Number of the operation in its block.
    int64_t position;
  };

  /// `before` is the block in front of the loop that the block is in, or null.
  void replaceUses(Block &block, Block *before) {
    DenseMap<Value, Loaded> reached;
    int64_t position = 0;
    for (Operation &user : block) {
      ++position;
      user.walk([&](Operation *op) {
        for (OpOperand &operand : op->getOpOperands()) {
          if (!words.contains(operand.get()))
            continue;
          // It may have hundreds, which must not be values at a time.
          if (isa<CheckLaterReadsOp>(op)) {
            operand.set(handOn(OpBuilder(&user), operand.get()));
            continue;
          }
          if (before) {
            operand.set(loadBefore(*before, operand.get()));
            continue;
          }
          Loaded &loaded = reached[operand.get()];
          if (!loaded.value || position - loaded.position > kReach)
            loaded = {load(OpBuilder(&user), operand.get()), position};
          operand.set(loaded.value);
        }
      });
    }
  }

  /// Loops load nothing: their own stores might be to the frame, for all that
  /// LLVM knows.
  Value loadBefore(Block &block, Value argument) {
    Value &value = loadedBefore[{&block, argument}];
    if (!value)
      value = load(OpBuilder(block.getTerminator()), argument);
    return value;
  }

  /// Returns an argument that getHandedOnPlace knows.
  Value handOn(OpBuilder builder, Value argument) {
    auto cast = UnrealizedConversionCastOp::create(
        builder, builder.getInsertionPoint()->getLoc(), argument.getType(),
        frame);
    cast->setAttr(kWord, builder.getI64IntegerAttr(words.lookup(argument)));
    return cast.getResult(0);
  }

  Value load(OpBuilder builder, Value argument) {
    Location loc = builder.getInsertionPoint()->getLoc();
    Type type = argument.getType();
    Value place = getPlaceInFrame(builder, loc, frame, words.lookup(argument));
    Value packed = LLVM::LoadOp::create(builder, loc,
                                        getPackedType(type, converter), place);
    return unpackMemRef(builder, loc, converter, type, packed);
  }

  func::FuncOp function;
  BlockArgument frame;
  const LLVMTypeConverter &converter;
  Places words;
  DenseMap<std::pair<Block *, Value>, Value> loadedBefore;
};
} // namespace

namespace {
/// Has calls hand on frames: a part of the frame of their own function if all
/// is there in a row, else one that all others of that function share.
class FramePassing {
public:
  FramePassing(const llvm::SmallDenseMap<StringRef, BlockArgument> &frames,
               const LLVMTypeConverter &converter)
      : frames(frames), converter(converter) {}

  void pass(func::FuncOp caller) {
    ofCaller = frames.lookup(caller.getName());
    words = ofCaller ? getPlaces(caller, converter) : Places();
    SmallVector<func::CallOp> others;
    int64_t mostWords = 0;
    caller.walk([&](func::CallOp call) {
      const int64_t numWords = getFrameWords(call.getOperandTypes(), converter);
      if (numWords == 0 || !frames.contains(call.getCallee()))
        return;
      SmallVector<Run> runs = getRuns(call);
      if (runs.size() == 1 && runs.front().isInFrame)
        return setOperands(call, getPartOfFrame(call, runs.front()));
      others.push_back(call);
      mostWords = std::max(mostWords, numWords);
    });
    if (others.empty())
      return;
    OpBuilder builder(caller.getContext());
    Value frame = allocateOnStack(builder, others.front(), builder.getI64Type(),
                                  mostWords);
    for (func::CallOp call : others) {
      fill(frame, call);
      setOperands(call, frame);
    }
  }

private:
  /// Operands that are in the frame of the caller one after the other, or one
  /// that is not in it.
  struct Run {
    Value first;
    int64_t numWords;
    bool isInFrame;
  };

  SmallVector<Run> getRuns(func::CallOp call) {
    SmallVector<Run> runs;
    for (Value operand : call.getOperands()) {
      if (!isInFrame(operand.getType()))
        continue;
      const int64_t numWords = getFrameWords(operand.getType(), converter);
      const bool isInFrame = words.contains(operand);
      if (isInFrame && !runs.empty() && runs.back().isInFrame &&
          words.lookup(operand) ==
              words.lookup(runs.back().first) + runs.back().numWords)
        runs.back().numWords += numWords;
      else
        runs.push_back({operand, numWords, isInFrame});
    }
    return runs;
  }

  /// Returns the address of operands in the frame of the caller.
  Value getPartOfFrame(func::CallOp call, const Run &run) {
    OpBuilder builder(call);
    const int64_t word = words.lookup(run.first);
    return word == 0 ? Value(ofCaller)
                     : getPlaceInFrame(builder, call.getLoc(), ofCaller, word);
  }

  void fill(Value frame, func::CallOp call) {
    OpBuilder builder(call);
    Location loc = call.getLoc();
    int64_t word = 0;
    for (const Run &run : getRuns(call)) {
      if (!run.isInFrame) {
        word = storeToFrame(builder, loc, frame, word,
                            packOperand(builder, loc, converter, run.first));
        continue;
      }
      Value bytes = makeInteger(builder, loc, 64,
                                run.numWords * int64_t(sizeof(int64_t)));
      LLVM::MemcpyOp::create(builder, loc,
                             getPlaceInFrame(builder, loc, frame, word),
                             getPartOfFrame(call, run), bytes,
                             /*isVolatile=*/false);
      word += run.numWords;
    }
  }

  static void setOperands(func::CallOp call, Value frame) {
    SmallVector<Value> operands = {frame};
    llvm::append_range(operands, llvm::make_filter_range(
                                     call.getOperands(), [](Value operand) {
                                       return !isInFrame(operand.getType());
                                     }));
    call->setOperands(operands);
  }

  const llvm::SmallDenseMap<StringRef, BlockArgument> &frames;
  const LLVMTypeConverter &converter;
  /// Of the function that is looked at.
  BlockArgument ofCaller;
  Places words;
};
} // namespace

void mlir::fp8attn::makeArgumentFrames(ArrayRef<func::FuncOp> functions,
                                       ModuleOp module,
                                       const LLVMTypeConverter &converter) {
  auto pointer = LLVM::LLVMPointerType::get(module.getContext());
  llvm::SmallDenseMap<StringRef, BlockArgument> frames;
  for (func::FuncOp function : functions) {
    BlockArgument frame;
    if (getFrameWords(function.getArgumentTypes(), converter) != 0) {
      const unsigned position = function->hasAttr(kMemoryAttrName) ? 2 : 1;
      (void)function.insertArgument(position, pointer, {}, function.getLoc());
      frame = function.getArgument(position);
    }
    frames[function.getName()] = frame;
  }
  FramePassing calls(frames, converter);
  for (auto function : module.getOps<func::FuncOp>())
    calls.pass(function);
  for (func::FuncOp function : functions) {
    BlockArgument frame = frames.lookup(function.getName());
    if (!frame)
      continue;
    FrameLoads(function, frame, converter).replaceUses();
    BitVector replaced(function.getNumArguments());
    for (BlockArgument argument : function.getArguments())
      replaced[argument.getArgNumber()] = isInFrame(argument.getType());
    (void)function.eraseArguments(replaced);
  }
}
