//===- Files.cpp - reads JSON ---------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The diagnostics are those of LLVM's parser and of the types' fromJSON.
//
//===----------------------------------------------------------------------===//

#include "Files.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::fp8attn;
namespace json = llvm::json;

llvm::Expected<json::Value> mlir::fp8attn::parseJsonFile(llvm::StringRef path) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!file)
    return llvm::createStringError("cannot read \"" + path +
                                   "\": " + file.getError().message());
  llvm::Expected<json::Value> value = json::parse((*file)->getBuffer());
  if (!value)
    return llvm::createStringError(
        "\"" + path + "\" is not JSON: " + llvm::toString(value.takeError()));
  return value;
}

llvm::Error mlir::fp8attn::describeJsonError(llvm::StringRef path,
                                             const json::Value &value,
                                             const json::Path::Root &root) {
  std::string context;
  llvm::raw_string_ostream os(context);
  root.printErrorContext(value, os);
  return llvm::createStringError(
      "\"" + path + "\" is no input of this program: " +
      llvm::toString(root.getError()) + "\n" + context);
}
