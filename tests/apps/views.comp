#version 450
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) writeonly buffer Output { uint words[]; } result;
layout(set = 0, binding = 1) uniform sampler1D line;
layout(set = 0, binding = 2) uniform sampler2DArray layers;
layout(set = 0, binding = 3) uniform samplerCube cube;
layout(set = 0, binding = 4) uniform samplerCubeArray cubes;
layout(set = 0, binding = 5) uniform sampler3D volume;
layout(set = 0, binding = 6) uniform sampler2D swizzled;
layout(set = 0, binding = 7, r32ui) uniform uimage2DArray stored;
layout(set = 0, binding = 8) uniform usamplerBuffer texels;
layout(push_constant) uniform Push { uint at; uint round; } push;

void main() {
  uint i = gl_GlobalInvocationID.x;
  float x = (i + 0.5) / 64.0, y = fract(x * 7.0), z = fract(x * 31.0);
  vec3 direction = vec3(x - 0.5, y - 0.5, z - 0.5);
  uint at = push.at + i * 8;
  result.words[at] = packUnorm4x8(textureLod(line, x, 0));
  result.words[at + 1] = packUnorm4x8(textureLod(layers, vec3(x, y, i % 12), i % 2));
  result.words[at + 2] = packUnorm4x8(textureLod(cube, direction, 0));
  result.words[at + 3] = packUnorm4x8(textureLod(cubes, vec4(direction, i % 2), 0));
  result.words[at + 4] = packUnorm4x8(textureLod(volume, vec3(x, y, z), 0));
  result.words[at + 5] = packUnorm4x8(textureLod(swizzled, vec2(x, y), 0));
  ivec3 texel = ivec3(i % 16, i / 16, 2);
  uint old = imageLoad(stored, texel).r;
  imageStore(stored, texel, uvec4(old + i));
  result.words[at + 6] = old;
  result.words[at + 7] = texelFetch(texels, int(i)).r;
}
