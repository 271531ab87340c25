"""What training did to weights: how far they moved, which moved most, how matrices turned. Tensors are streamed."""
