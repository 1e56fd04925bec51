#version 450
// A grid of 8 by 8 cells: instance i is a triangle in cell i, deeper than the one before; its colour follows
// from cell and first vertex.
layout(location = 0) out vec3 shade;

void main() {
  uint cell = gl_InstanceIndex % 64;
  vec2 corner = vec2(gl_VertexIndex % 3 == 1, gl_VertexIndex % 3 == 2);
  gl_Position = vec4((vec2(cell % 8, cell / 8) + corner * 0.9) / 4.0 - 1.0, float(cell) / 64.0, 1.0);
  shade = vec3(float(gl_VertexIndex / 3 + 1) / 8.0, float(cell + 1) / 64.0, corner.x);
}
