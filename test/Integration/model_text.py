#===- model_text.py - MLIR and C++ of entry points under test -------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# What the generators share: names of types, operands, score regions.
#
#===----------------------------------------------------------------------===//

ELEMENTS = {"e4m3": "f8E4M3FN", "e5m2": "f8E5M2", "i8": "i8", "e2m1": "f4E2M1FN", "i4": "i4", "bf16": "bf16"}
TYPES = {"e4m3": "F8E4M3FN", "e5m2": "F8E5M2", "i8": "I8", "e2m1": "F4E2M1FN", "i4": "I4",
         "bf16": "BF16", "f16": "F16", "f32": "F32"}
# Those of which two are in a byte.
NARROW_ELEMENTS = ("e2m1", "i4")
# Those that have a scale in any tensor.
FP8_ELEMENTS = ("e4m3", "e5m2")

# What scales of queries and results differ by: dimensions of the tensor.
ROW_SCALES = {"tensor": (), "head": ("head",), "token_head": ("token", "head"),
              "row": ("batch", "head", "token")}


def row_scale_arguments(model, dims):
    """Returns (name, type, map) of the scales of an FP8 query and output, which have
    these dimensions."""
    heads = model.kv_heads * model.group
    arguments = []
    for name, element, kind in (
        ("query_scale", model.query, model.query_scale), ("out_scale", model.out, model.out_scale)
    ):
        if element not in FP8_ELEMENTS:
            continue
        by = ROW_SCALES[kind]
        sizes = "".join(f"{heads if dim == 'head' else '?'}x" for dim in by)
        arguments.append((name, f"memref<{sizes}f32>",
                          f"affine_map<({', '.join(dims)}) -> ({', '.join(by)})>"))
    return arguments


def row_scale_kinds(model):
    """Returns the kinds of those scales in C++."""
    return ", ".join(
        f'"{kind}"' if element in FP8_ELEMENTS else '"none"'
        for element, kind in ((model.query, model.query_scale), (model.out, model.out_scale))
    )


class Region:
    """The text of a score region."""

    def __init__(self):
        self.lines = []
        self.score = "%score"

    def op(self, text):
        """Adds an operation and returns its result."""
        self.lines.append(f"        %{len(self.lines)} = {text}")
        return f"%{len(self.lines) - 1}"

    def constant(self, value):
        return self.op(f"arith.constant {value} : f32")

    def keep_if(self, condition):
        masked = self.constant("0xFF800000")
        self.score = self.op(f"arith.select {condition}, {self.score}, {masked} : f32")

    def cap(self, cap):
        cap = self.constant(f"{cap}.0")
        ratio = self.op(f"arith.divf {self.score}, {cap} : f32")
        tanh = self.op(f"math.tanh {ratio} : f32")
        self.score = self.op(f"arith.mulf {tanh}, {cap} : f32")

    def add_alibi(self, element, kind):
        slope = self.op(f"memref.load %alibi[%head] : {kind}")
        if element != "f32":
            slope = self.op(f"arith.extf {slope} : {element} to f32")
        distance = self.op("arith.subi %key, %q : index")
        distance = self.op(f"arith.index_cast {distance} : index to i32")
        distance = self.op(f"arith.sitofp {distance} : i32 to f32")
        bias = self.op(f"arith.mulf {slope}, {distance} : f32")
        self.score = self.op(f"arith.addf {self.score}, {bias} : f32")

    def hide_documents(self, kind):
        own = self.op(f"memref.load %documents[%sequence, %q] : {kind}")
        other = self.op(f"memref.load %documents[%sequence, %key] : {kind}")
        self.keep_if(self.op(f"arith.cmpi eq, {own}, {other} : i32"))

    def query_token(self, top_left):
        """The token's place among the sequence's queries is its position; or it is as
        far from their end as its position is from the end of the keys."""
        if top_left:
            start = self.op("memref.load %query_start[%sequence] : memref<?xi32>")
            start = self.op(f"arith.index_cast {start} : i32 to index")
            return self.op(f"arith.addi {start}, %q : index")
        one = self.op("arith.constant 1 : index")
        after = self.op(f"arith.addi %sequence, {one} : index")
        end = self.op(f"memref.load %query_start[{after}] : memref<?xi32>")
        end = self.op(f"arith.index_cast {end} : i32 to index")
        keys = self.op("memref.load %seq_lens[%sequence] : memref<?xi32>")
        keys = self.op(f"arith.index_cast {keys} : i32 to index")
        rest = self.op(f"arith.subi {keys}, %q : index")
        return self.op(f"arith.subi {end}, {rest} : index")

    def apply_mask(self, element, kind, top_left):
        token = self.query_token(top_left)
        value = self.op(f"memref.load %mask[{token}, %key] : {kind}")
        if element in ("f32", "bf16", "f16"):
            if element != "f32":
                value = self.op(f"arith.extf {value} : {element} to f32")
            self.score = self.op(f"arith.addf {self.score}, {value} : f32")
            return
        if element == "i1":
            return self.keep_if(value)
        zero = self.op("arith.constant 0 : i8")
        self.keep_if(self.op(f"arith.cmpi ne, {value}, {zero} : i8"))

    def text(self):
        head = "^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):"
        tail = f"        fp8attn.yield {self.score} : f32"
        return "\n".join(["      score {", f"      {head}", *self.lines, tail, "      }"])


def operand(keyword, arguments, extra=""):
    """Returns `keyword(%a, %b : type of a, type of b extra)`."""
    names = ", ".join(f"%{name}" for name, _ in arguments)
    types = ", ".join(kind for _, kind in arguments)
    return f"      {keyword}({names} : {types}{extra})"


def function(name, arguments, operation, operands):
    signature = ", ".join(f"%{argument}: {kind}" for argument, kind in arguments)
    lines = [f"func.func @{name}({signature}) {{", f"  fp8attn.{operation}"]
    return "\n".join(lines + operands + ["  return", "}", ""])


def camel_back(name):
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def optional(number):
    return "std::nullopt" if number is None else f"int64_t({number})"
