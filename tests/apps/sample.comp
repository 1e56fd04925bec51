#version 450
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) writeonly buffer Output { uint words[]; } result;
layout(set = 0, binding = 1) uniform sampler2D image;
layout(push_constant) uniform Push { uint at; uint round; } push;

// The middle of each texel of an image of 8 by 8.
void main() {
  uint i = gl_GlobalInvocationID.x;
  result.words[push.at + i] = packUnorm4x8(textureLod(image, (vec2(i % 8, i / 8) + 0.5) / 8.0, 0));
}
