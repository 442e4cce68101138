//===- ScaleKinds.h - what scales of a cache may differ by ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The granularities of scale_kinds.py: sizes of the tensors, and which scale is
// that of an element.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_SCALEKINDS_H
#define FP8ATTN_TEST_INTEGRATION_SCALEKINDS_H

#include "fp8attn/Reference/Cache.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <string>
#include <vector>

/// What a dimension of a tensor of scales counts. A slot is a token of any
/// page, a block 32 channels.
enum class ScaleDim { Page, Slot, Head, Token, Channel, Block };

/// A row of scale_kinds.py.
struct ScaleKind {
  const char *name;
  std::vector<ScaleDim> dims;
  fp8attn_type type = FP8ATTN_TYPE_F32;

  bool has(ScaleDim dim) const {
    return std::find(dims.begin(), dims.end(), dim) != dims.end();
  }
  /// Whether the scales of one head differ by page or token, and by channel.
  bool byToken() const {
    return has(ScaleDim::Page) || has(ScaleDim::Slot) || has(ScaleDim::Token);
  }
  bool byChannel() const {
    return has(ScaleDim::Channel) || has(ScaleDim::Block);
  }
  /// Whether elements have a scale each, or each group of channels of a token.
  bool byElement() const { return byToken() && byChannel(); }
};

/// Returns a kind by its name.
inline const ScaleKind &findScaleKind(const std::string &name) {
  using D = ScaleDim;
  static const ScaleKind kKinds[] = {
      {"tensor", {}},
      {"head", {D::Head}},
      {"page", {D::Page}},
      {"token", {D::Slot}},
      {"token_head", {D::Page, D::Head, D::Token}},
      {"channel", {D::Channel}},
      {"head_channel", {D::Head, D::Channel}, FP8ATTN_TYPE_F8E8M0FNU},
      {"block", {D::Head, D::Block}},
      {"token_block",
       {D::Page, D::Head, D::Token, D::Block},
       FP8ATTN_TYPE_F8E8M0FNU},
      {"token_channel", {D::Page, D::Head, D::Token, D::Channel}}};
  for (const ScaleKind &kind : kKinds)
    if (name == kind.name)
      return kind;
  ADD_FAILURE() << "there are no scales of kind " << name;
  return kKinds[0];
}

/// The scales of the keys, or the values, of a cache.
struct ScaleShape {
  const ScaleKind *kind;
  int64_t pages, heads, pageTokens, channels;

  static constexpr int64_t kBlock = 32;

  int64_t size(ScaleDim dim) const {
    switch (dim) {
    case ScaleDim::Page:
      return pages;
    case ScaleDim::Slot:
      return pages * pageTokens;
    case ScaleDim::Head:
      return heads;
    case ScaleDim::Token:
      return pageTokens;
    case ScaleDim::Channel:
      return channels;
    case ScaleDim::Block:
      return (channels + kBlock - 1) / kBlock;
    }
    return 0;
  }

  int64_t count() const {
    int64_t product = 1;
    for (ScaleDim dim : kind->dims)
      product *= size(dim);
    return product;
  }

  /// Returns the place of an element's scale in row-major order.
  int64_t index(const fp8attn::reference::ElementPlace &place) const {
    int64_t result = 0;
    for (ScaleDim dim : kind->dims)
      result = result * size(dim) + indexIn(dim, place);
    return result;
  }

  /// Describes scales in memory, elements of the kind's type.
  fp8attn_tensor describe(const void *data) const {
    return describe(data, kind->type);
  }
  fp8attn_tensor describe(const void *data, fp8attn_type type) const {
    int64_t sizes[FP8ATTN_MAX_RANK] = {};
    std::transform(kind->dims.begin(), kind->dims.end(), sizes,
                   [&](ScaleDim dim) { return size(dim); });
    return fp8attn_tensor_make(const_cast<void *>(data), type,
                               static_cast<int32_t>(kind->dims.size()),
                               sizes[0], sizes[1], sizes[2], sizes[3]);
  }

  /// Returns what the reference takes.
  fp8attn::reference::Scales reference(std::vector<float> values) const {
    fp8attn::reference::Scales scales;
    scales.values = std::move(values);
    scales.index = [shape = *this](const auto &place) {
      return shape.index(place);
    };
    scales.byToken = kind->byToken();
    scales.byChannel = kind->byChannel();
    return scales;
  }

private:
  int64_t indexIn(ScaleDim dim,
                  const fp8attn::reference::ElementPlace &place) const {
    switch (dim) {
    case ScaleDim::Page:
      return place.page;
    case ScaleDim::Slot:
      return place.page * pageTokens + place.token;
    case ScaleDim::Head:
      return place.head;
    case ScaleDim::Token:
      return place.token;
    case ScaleDim::Channel:
      return place.channel;
    case ScaleDim::Block:
      return place.channel / kBlock;
    }
    return 0;
  }
};

#endif // FP8ATTN_TEST_INTEGRATION_SCALEKINDS_H
