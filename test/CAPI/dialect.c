//===- dialect.c - the dialect in MLIR's C API ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A compiler in C: makes types and attributes and looks into them, parses a
// model into its own context, runs our pipeline on a copy, and has the model
// compiled.
//
//===----------------------------------------------------------------------===//

#include "fp8attn-c/Dialect.h"
#include "fp8attn-c/CompileModule.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Diagnostics.h"
#include "mlir-c/Dialect/Func.h"
#include "mlir-c/Pass.h"

#include <stdio.h>
#include <string.h>

static const char kModel[] =
    "func.func @f(%q: memref<1x4x?x8xf32>, %k: memref<1x1x?x8xf32>,\n"
    "             %o: memref<1x4x?x8xf32>) {\n"
    "  fp8attn.attention query(%q : memref<1x4x?x8xf32>)\n"
    "      key(%k : memref<1x1x?x8xf32>) value(%k : memref<1x1x?x8xf32>)\n"
    "      out(%o : memref<1x4x?x8xf32>)\n"
    "  return\n"
    "}\n";

static void write_text(MlirStringRef text, void *user_data) {
  (void)user_data;
  fwrite(text.data, 1, text.length, stdout);
}

static MlirLogicalResult write_diagnostic(MlirDiagnostic diagnostic,
                                          void *user_data) {
  printf("diagnostic: ");
  mlirDiagnosticPrint(diagnostic, write_text, user_data);
  printf("\n");
  return mlirLogicalResultSuccess();
}

static void test_types(MlirContext context) {
  MlirLocation location = mlirLocationUnknownGet(context);
  MlirType element = mlirFloat8E4M3FNTypeGet(context);
  MlirAttribute layout = fp8attnLayoutAttrGet(context, FP8ATTN_LAYOUT_PAIRS);
  MlirType cache = fp8attnCacheTypeGetChecked(location, FP8ATTN_CACHE_KEY_VALUE,
                                              8, 128, 32, element, layout);
  // CHECK: !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32,
  // CHECK-SAME: f8E4M3FN, <pairs>>
  mlirTypePrint(cache, write_text, NULL);
  // CHECK-NEXT: content 2, 8 heads of 128, pages of 32 tokens and 65536 bytes
  printf("\ncontent %d, %d heads of %d, pages of %d tokens and %d bytes\n",
         (int)fp8attnCacheTypeGetContent(cache),
         (int)fp8attnCacheTypeGetNumHeads(cache),
         (int)fp8attnCacheTypeGetHeadDim(cache),
         (int)fp8attnCacheTypeGetPageTokens(cache),
         (int)fp8attnCacheTypeGetPageBytes(cache));
  // CHECK-NEXT: same element 1, same layout 1 of kind 0
  MlirAttribute same = fp8attnCacheTypeGetLayout(cache);
  printf("same element %d, same layout %d of kind %d\n",
         mlirTypeEqual(fp8attnCacheTypeGetElementType(cache), element),
         mlirAttributeEqual(same, layout), (int)fp8attnLayoutAttrGetKind(same));
  // CHECK-NEXT: caches 1 0 0, layouts 1 0 0
  MlirType no_type = {NULL};
  MlirAttribute no_attribute = {NULL};
  printf("caches %d %d %d, layouts %d %d %d\n", fp8attnTypeIsACache(cache),
         fp8attnTypeIsACache(element), fp8attnTypeIsACache(no_type),
         fp8attnAttributeIsALayout(layout),
         fp8attnAttributeIsALayout(mlirTypeAttrGet(element)),
         fp8attnAttributeIsALayout(no_attribute));
  // CHECK-NEXT: latent: content 3, heads of 576 and 512, 18432 bytes
  MlirType latent = fp8attnLatentCacheTypeGetChecked(location, 1, 576, 512, 32,
                                                     element, layout);
  printf("latent: content %d, heads of %d and %d, %d bytes\n",
         (int)fp8attnCacheTypeGetContent(latent),
         (int)fp8attnCacheTypeGetHeadDim(latent),
         (int)fp8attnCacheTypeGetValueHeadDim(latent),
         (int)fp8attnCacheTypeGetPageBytes(latent));
  // CHECK-NEXT: mixed: heads of 576 and 512, 64 bf16, 20480 bytes
  MlirType mixed = fp8attnMixedCacheTypeGetChecked(location, 576, 512, 64, 32,
                                                   element, layout);
  printf("mixed: heads of %d and %d, %d bf16, %d bytes\n",
         (int)fp8attnCacheTypeGetHeadDim(mixed),
         (int)fp8attnCacheTypeGetValueHeadDim(mixed),
         (int)fp8attnCacheTypeGetRopeHeadDim(mixed),
         (int)fp8attnCacheTypeGetPageBytes(mixed));
  // CHECK-NEXT: open: layout 1, 0 bytes
  MlirType open = fp8attnCacheTypeGetChecked(location, FP8ATTN_CACHE_KEY, 8,
                                             128, 32, element, no_attribute);
  printf("open: layout %d, %d bytes\n",
         mlirAttributeIsNull(fp8attnCacheTypeGetLayout(open)),
         (int)fp8attnCacheTypeGetPageBytes(open));
}

static void test_wrong_types(MlirContext context) {
  MlirLocation location = mlirLocationUnknownGet(context);
  MlirType element = mlirFloat8E4M3FNTypeGet(context);
  MlirType no_type = {NULL};
  MlirAttribute none = {NULL};
  // CHECK-NEXT: diagnostic: expects head_dim to be a multiple of 8 up to 576,
  // got 7
  MlirType wrong = fp8attnCacheTypeGetChecked(location, FP8ATTN_CACHE_KEY, 8, 7,
                                              32, element, none);
  // CHECK-NEXT: diagnostic: expects the content of a cache to be 0 to 3, got 4
  int nulls = mlirTypeIsNull(wrong);
  wrong = fp8attnCacheTypeGetChecked(location, (Fp8AttnCacheContent)4, 8, 8, 32,
                                     element, none);
  // CHECK-NEXT: diagnostic: expects value_head_dim to be a multiple of 8 up to
  // head_dim (8), got 16
  nulls += mlirTypeIsNull(wrong);
  wrong =
      fp8attnLatentCacheTypeGetChecked(location, 1, 8, 16, 32, element, none);
  // CHECK-NEXT: diagnostic: expects rope_head_dim and the channels before it to
  // be multiples of 32, and these at least value_head_dim (512), got 65 of 576
  nulls += mlirTypeIsNull(wrong);
  wrong = fp8attnMixedCacheTypeGetChecked(location, 576, 512, 65, 32, element,
                                          none);
  // CHECK-NEXT: diagnostic: expects the element type of a cache, got null
  nulls += mlirTypeIsNull(wrong);
  wrong = fp8attnCacheTypeGetChecked(location, FP8ATTN_CACHE_KEY, 8, 8, 32,
                                     no_type, none);
  // CHECK-NEXT: diagnostic: expects a #fp8attn.layout for a cache, got f8E4M3FN
  nulls += mlirTypeIsNull(wrong);
  wrong = fp8attnCacheTypeGetChecked(location, FP8ATTN_CACHE_KEY, 8, 8, 32,
                                     element, mlirTypeAttrGet(element));
  nulls += mlirTypeIsNull(wrong);
  nulls +=
      mlirAttributeIsNull(fp8attnLayoutAttrGet(context, (Fp8AttnLayoutKind)17));
  // CHECK-NEXT: 7 nulls
  printf("%d nulls\n", nulls);
}

static void print_diagnostic(const Fp8AttnDiagnostic *diagnostic,
                             void *user_data) {
  (void)user_data;
  printf("compile: %s:%u: %s\n", diagnostic->file, (unsigned)diagnostic->line,
         diagnostic->message);
}

static void print_magic(const void *bytes, size_t size, void *user_data) {
  (void)user_data;
  printf("object %d\n", size > 4 && !memcmp(bytes,
                                            "\x7f"
                                            "ELF",
                                            4));
}

static void test_module(MlirContext context) {
  MlirModule module =
      mlirModuleCreateParse(context, mlirStringRefCreateFromCString(kModel));
  // CHECK: object 1
  // CHECK-NEXT: status 0
  printf("status %d\n", (int)fp8attnCompileModule(
                            module, NULL, print_diagnostic, print_magic, NULL));
  // The module is as it was: it can be compiled again, and printed.
  Fp8AttnCompileOptions options = FP8ATTN_COMPILE_OPTIONS_INIT;
  options.isa = "avx3";
  // CHECK-NEXT: compile: {{.*}}avx3
  // CHECK-NEXT: status 1
  printf("status %d\n",
         (int)fp8attnCompileModule(module, &options, print_diagnostic,
                                   print_magic, NULL));
  // CHECK: fp8attn.attention
  mlirOperationPrint(mlirModuleGetOperation(module), write_text, NULL);
  mlirModuleDestroy(module);
  // CHECK: compile: :0: expects a model, got null
  // CHECK-NEXT: status 2
  MlirModule no_module = {NULL};
  printf("status %d\n",
         (int)fp8attnCompileModule(no_module, NULL, print_diagnostic,
                                   print_magic, NULL));
}

static void test_pipeline(MlirContext context) {
  fp8attnRegisterPasses();
  fp8attnRegisterPasses();
  MlirModule module =
      mlirModuleCreateParse(context, mlirStringRefCreateFromCString(kModel));
  MlirPassManager passes = mlirPassManagerCreate(context);
  MlirLogicalResult parsed =
      mlirParsePassPipeline(mlirPassManagerGetAsOpPassManager(passes),
                            mlirStringRefCreateFromCString(
                                "builtin.module(fp8attn-to-llvm{isa=generic})"),
                            write_text, NULL);
  // CHECK-NEXT: pipeline 1 1
  printf("pipeline %d", mlirLogicalResultIsSuccess(parsed));
  printf(" %d\n", mlirLogicalResultIsSuccess(mlirPassManagerRunOnOp(
                      passes, mlirModuleGetOperation(module))));
  // CHECK: llvm.func @f
  mlirOperationPrint(mlirModuleGetOperation(module), write_text, NULL);
  mlirPassManagerDestroy(passes);
  mlirModuleDestroy(module);
}

int main(void) {
  MlirContext context = mlirContextCreate();
  mlirContextAttachDiagnosticHandler(context, write_diagnostic, NULL, NULL);
  mlirDialectHandleLoadDialect(mlirGetDialectHandle__fp8attn__(), context);
  mlirDialectHandleLoadDialect(mlirGetDialectHandle__func__(), context);
  test_types(context);
  test_wrong_types(context);
  test_module(context);
  test_pipeline(context);
  mlirContextDestroy(context);
  return 0;
}
