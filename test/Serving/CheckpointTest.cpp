//===- CheckpointTest.cpp - files of weights, right and wrong -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Checkpoint.h"
#include "Model.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>

using namespace serving;

/// Returns a file of a header and data.
static std::string makeFile(const std::string &header,
                            const std::string &data) {
  std::string file;
  for (int i = 0; i < 8; ++i)
    file += char(uint64_t(header.size()) >> (8 * i));
  return file + header + data;
}

static std::string save(const std::string &content) {
  const std::string path = testing::TempDir() + "/checkpoint.safetensors";
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

/// Returns why a file is refused, without its path; "" if it is not.
static std::string refusal(const std::string &content) {
  const std::string path = save(content);
  try {
    Checkpoint{path};
  } catch (const std::runtime_error &error) {
    return std::string(error.what()).substr(path.size() + 2);
  }
  return "";
}

TEST(CheckpointTest, NumbersOfBothTypes) {
  const Checkpoint file(save(makeFile(
      R"({"__metadata__":{"by":"a \"test\""}, "v":{"dtype":"BF16","shape":[2],)"
      R"("data_offsets":[0,4]},"m.codes":{"dtype":"U8","shape":[1,2],)"
      R"("data_offsets":[4,6]},"m.scales":{"dtype":"BF16","shape":[1,2],)"
      R"("data_offsets":[6,10]}})",
      std::string("\x80\x3f\x20\xc0\xf0\x79\x00\x3f\x00\x40", 10))));
  EXPECT_EQ(file.readVector("v", 2), (std::vector<float>{1, -2.5}));
  EXPECT_TRUE(file.hasMatrix("m"));
  EXPECT_FALSE(file.hasMatrix("n"));
  EXPECT_EQ(file.readMatrix("m", 1, 4),
            (std::vector<float>{-8 * 0.5f, 7 * 0.5f, 1 * 2, -1 * 2}));
  EXPECT_THROW(file.readMatrix("m", 1, 8), std::runtime_error);
  EXPECT_THROW(file.readMatrix("v", 1, 2), std::runtime_error);
  try {
    file.readVector("w", 2);
    FAIL();
  } catch (const std::runtime_error &error) {
    EXPECT_NE(std::string(error.what()).find(": expects w, BF16 [2], got none"),
              std::string::npos);
  }
  try {
    file.readVector("v", 3);
    FAIL();
  } catch (const std::runtime_error &error) {
    EXPECT_NE(
        std::string(error.what()).find(": expects v, BF16 [3], got BF16 [2]"),
        std::string::npos);
  }
}

TEST(CheckpointTest, WrongFilesAreRefused) {
  const auto tensor = [](const std::string &entry) {
    return refusal(makeFile("{\"t\":{" + entry + "}}", "1234"));
  };
  EXPECT_EQ(refusal("1234567"), "expects at least 8 bytes, got 7");
  EXPECT_EQ(refusal(std::string("\x02\0\0\0\0\0\0\0{", 9)),
            "expects a header of at most 1 bytes, got one of 2");
  EXPECT_EQ(refusal(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10)),
            "expects a header of at most 2 bytes, got one of "
            "18446744073709551615");
  constexpr char kNoObject[] =
      "expects a header that is a JSON object of strings, integers that are "
      "not negative, lists and objects";
  for (const char *header :
       {"", "1", "{", "{\"a\":-1}", "{\"a\":1.5}", "{\"a\":1}x", "{\"a\":[1,]}",
        "{\"a\":99999999999999999999}", "{\"a\\n\":1}", "{\"a\":\"b",
        "{\"a\":[[[[[[[[[[1]]]]]]]]]]}"})
    EXPECT_EQ(refusal(makeFile(header, "")), kNoObject) << header;
  EXPECT_EQ(tensor("\"dtype\":\"U8\",\"shape\":[4]"),
            "expects dtype, shape and two data_offsets of t");
  EXPECT_EQ(tensor("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]"),
            "expects t to be of BF16 or U8, got F32");
  EXPECT_EQ(tensor("\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,5]"),
            "expects t within the 4 bytes of data, got 0 to 5");
  EXPECT_EQ(tensor("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[3,2]"),
            "expects t within the 4 bytes of data, got 3 to 2");
  EXPECT_EQ(tensor("\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,4]"),
            "expects as many bytes of t as its shape has (8), got 4");
  EXPECT_EQ(tensor("\"dtype\":\"BF16\",\"shape\":[4294967296,4294967296],"
                   "\"data_offsets\":[0,0]"),
            "expects as many bytes of t as its shape has (-1), got 0");
}

TEST(CheckpointTest, FilesWithAnyByteChangedAreReadOrRefused) {
  std::ifstream stream(FP8ATTN_TEST_DATA "/kjv-5m/weights.safetensors",
                       std::ios::binary);
  std::string file{std::istreambuf_iterator<char>(stream), {}};
  // The header and a little of the data.
  file.resize(10000);
  constexpr uint32_t kFiles = 100;
  for (uint32_t seed = 0; seed < kFiles; ++seed) {
    std::mt19937 random(seed);
    std::string wrong = file;
    wrong[random() % 2 ? random() % 8 : random() % wrong.size()] =
        char(random());
    wrong.resize(random() % (wrong.size() + 1));
    refusal(wrong); // what it says is of no matter here
  }
}
